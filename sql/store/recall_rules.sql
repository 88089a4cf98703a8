-- Files that an older version issued name their counting rules, where these are still known. Inputs: _data.counting_rules; $said (JSON:
-- files with the rules that their manifests name).
update _data.issued_file as i
set rules_sha256 = r.sha256
from (
    select unnest(from_json($said, '[{"file": "VARCHAR", "rules_sha256": "VARCHAR"}]')) as one
) as s
join _data.counting_rules as r on r.sha256 = s.one.rules_sha256
where i.file = s.one.file
  and i.rules_sha256 is null
