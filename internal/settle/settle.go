// Package settle decides whether the numbers of a day may still move (R10). Whoever wants to know asks here.
package settle

// The states of a slice and of a number.
const (
	Final       = "final"
	Provisional = "provisional"
)

// State is Final when the source is complete for settleHours after the end of the day in its last region, and no
// session of the slice is open. highWater (nil: unknown) and dayEnd are epoch seconds.
func State(highWater *int64, openSessions, dayEnd int64, settleHours int) string {
	if highWater == nil || openSessions > 0 || *highWater < dayEnd+int64(settleHours)*3600 {
		return Provisional
	}
	return Final
}
