package audit

// The rules of the audit. Those that are remarks are marked in the catalogue.
const (
	StoreLost        Rule = "store_lost"
	StoreReset       Rule = "store_reset"
	StoreBehind      Rule = "store_behind"
	AdoptedFile      Rule = "adopted_file"
	AgedMonth        Rule = "aged_month"
	SealedMonth      Rule = "sealed_month"
	LedgerChain      Rule = "ledger_chain"
	LedgerEntry      Rule = "ledger_entry"
	LedgerIssue      Rule = "ledger_issue"
	LedgerSlice      Rule = "ledger_slice"
	LedgerSeal       Rule = "ledger_seal"
	DataFileMissing  Rule = "data_file_missing"
	DataFileChanged  Rule = "data_file_changed"
	ManifestMissing  Rule = "manifest_missing"
	ManifestChanged  Rule = "manifest_changed"
	ManifestWrong    Rule = "manifest_wrong"
	SignatureMissing Rule = "signature_missing"
	SignatureWrong   Rule = "signature_wrong"
	SignatureLedger  Rule = "signature_ledger"
	RevisionChain    Rule = "revision_chain"
	StrayFile        Rule = "stray_file"
	SliceChanged     Rule = "slice_changed"
	MissingDay       Rule = "missing_day"
	MonthOverGap     Rule = "month_over_gap"
	NotIssued        Rule = "not_issued"
	ProvisionalDays  Rule = "provisional"

	ConfigurationMoved Rule = "configuration_moved"
	SliceMoved         Rule = "slice_moved"
	ProgramMoved       Rule = "program_moved"
	NumberDiffers      Rule = "number_differs"
	ResultsChanged     Rule = "results_changed"
	RulesRecord        Rule = "rules_record"
	CannotCompute      Rule = "cannot_compute"
	ComputationsDiffer Rule = "computations_differ"
	MovedSilently      Rule = "moved_without_effect"

	SourceNumber Rule = "source_number"
	SourceRows   Rule = "source_rows"
	SourceGone   Rule = "source_gone"

	ConcurrentOverEnabled Rule = "concurrent_over_enabled"
	DayOverMonth          Rule = "day_over_month"
	LocationOverRegion    Rule = "location_over_region"
	RegionOverLocations   Rule = "region_over_locations"
	QualityImpossible     Rule = "quality_impossible"
	IssuedThoughBlocked   Rule = "issued_though_blocked"
	Jump                  Rule = "jump"
)

const (
	restoreStore = "restore the store from a backup taken before the change"
	reissue      = "explain it, then `seats run --refresh --restate REASON` for the period issues the next revision"
)

// catalogue is in the order in which people read it.
var catalogue = []kind{
	{StoreLost, Integrity, false, "restore the store from a backup; a run without it starts a new ledger and adopts the files it can verify"},
	{StoreReset, Integrity, false, "the ledger is younger than the files: restore the older store from a backup, or let `seats run` of the period adopt the files"},
	{StoreBehind, Integrity, false, "an older copy of the store was put back, or a run died before it could publish, or the clock was wrong and the store is another one: `seats run` of the period adopts the files"},
	{SealedMonth, Integrity, false, "bring the file back from a backup; if it is lost for good, `seats run --month YYYY-MM --refresh --accept-loss` reads the month again while the source still has it"},
	{LedgerChain, Integrity, false, "entries were taken out, put in or reordered: " + restoreStore},
	{LedgerEntry, Integrity, false, "the entry was changed after it was written: " + restoreStore},
	{LedgerIssue, Integrity, false, "find out who wrote the row; " + restoreStore},
	{LedgerSlice, Integrity, false, "the slice was written by no run: " + restoreStore + ", or read the day again with `seats run --refresh`"},
	{LedgerSeal, Integrity, false, "file and row were exchanged by no run: " + restoreStore + " and the sealed month from a backup"},

	{DataFileMissing, Integrity, false, "`seats run` of the period puts the issued bytes back; ask the loader what it read meanwhile"},
	{DataFileChanged, Integrity, false, "find out who changed it and what the loader read; move it away, and `seats run` of the period puts the issued one back"},
	{ManifestMissing, Integrity, false, "`seats run` of the period writes it again"},
	{ManifestChanged, Integrity, false, "`seats run` of the period settles it if a run died between file and ledger; otherwise move it away, and the run writes it again"},
	{ManifestWrong, Integrity, false, "the ledger's row was changed, or belongs to another file: " + restoreStore},
	{SignatureMissing, Integrity, false, "issued without a sign_key, or taken away: with one, `seats run` or `seats report` of the period signs what is as it was issued"},
	{SignatureWrong, Integrity, false, "the manifest is not what the key's owner signed, or the key is another: --verify-key may be repeated for keys of other times; otherwise believe a copy made before"},
	{SignatureLedger, Integrity, false, "the ledger is not the one that was signed: " + restoreStore + "; if the store was lost for good, move the signatures away, and `seats run` of the period signs in the new ledger"},
	{RevisionChain, Integrity, false, "rows of the ledger were changed or taken out: " + restoreStore},
	{StrayFile, Integrity, false, "nobody issued it: move it out of the output folder, and ask the loader whether it read it"},

	{SliceChanged, Integrity, false, "the rows are not those that were read: " + restoreStore + ", or read the day again with `seats run --refresh`"},
	{MissingDay, Integrity, false, "`seats run --from D --to D` reads and issues the days while the source still has them"},
	{MonthOverGap, Integrity, false, "bring the missing days with `seats run`, then `seats run --month M --restate REASON` if the number moves"},
	{NotIssued, Integrity, false, "`seats run` or `seats report` of the period issues it, or says what keeps it back"},
	{AdoptedFile, Integrity, true, "nothing: the files were found intact and taken over by a later run, because the run that wrote them is not in this ledger"},
	{AgedMonth, Integrity, true, "nothing: the rows are beyond the days to be kept; an evidence pack made in time can still recompute them"},

	{ProvisionalDays, Integrity, true, "`seats run` of the days makes them final once the source is complete"},

	{ConfigurationMoved, Recompute, false, "if the configuration of today is right for the period, `seats run --restate REASON` for it; if not, put the settings back"},
	{SliceMoved, Recompute, false, "the day was read again after it was issued: `seats report --restate REASON` for the period issues what it gives now"},
	{ProgramMoved, Recompute, false, "the statements that count have changed with the program; compare the two versions, then `seats run --restate REASON`"},
	{NumberDiffers, Recompute, false, "nothing explains it: keep the store and the files, check the integrity findings, and report it"},
	{ResultsChanged, Recompute, false, "rows of the results were changed after they were computed: `seats compute` of the period writes them again"},
	{RulesRecord, Recompute, false, "the record of the counting rules was changed: " + restoreStore},
	{CannotCompute, Recompute, false, "`seats run --refresh` reads the day again for today's configuration"},
	{ComputationsDiffer, Recompute, false, "a defect of the program or a damaged store: keep the store and report it"},
	{MovedSilently, Recompute, true, "nothing: the number is the same"},

	{SourceNumber, Source, false, reissue},
	{SourceRows, Source, true, "nothing: the number is the same"},
	{SourceGone, Source, true, "nothing: the source has purged the day, and the store holds its only copy"},

	{ConcurrentOverEnabled, Consistency, false, "a peak cannot have more agents than its day: `seats compute` of the day; if it stays, report it"},
	{DayOverMonth, Consistency, false, "a day cannot have more agents than its month: `seats run --month M` counts the month again"},
	{LocationOverRegion, Consistency, false, "a location cannot be above its region: `seats compute` of the day; if it stays, report it"},
	{RegionOverLocations, Consistency, false, "a region cannot be above the sum of its locations: `seats compute` of the day; if it stays, report it"},
	{QualityImpossible, Consistency, false, "the data-quality counts do not fit the slice: `seats compute` of the day; if it stays, report it"},
	{IssuedThoughBlocked, Consistency, false, "a number was issued over a blocking data-quality rule: map the switch, run again, and restate"},
	{Jump, Consistency, true, "look at it: `seats explain` shows the agents of the peak; a holiday or a campaign is a good reason"},
}
