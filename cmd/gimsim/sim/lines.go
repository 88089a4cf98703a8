package sim

import (
	"math"
	"strconv"
	"strings"
)

// null stands for NULL in an integer field.
const null = math.MinInt64

// lines is CSV text: rows of one table, without header. NULL and the empty
// string are both an empty field, in an export of GIM as in a COPY.
type lines struct {
	text  []byte
	rows  int64
	extra bool // write extra columns
	crlf  bool // end lines as RFC 4180 has it, not as Unix has it
	begun bool // the current row has a field already
}

func (l *lines) separate() {
	if l.begun {
		l.text = append(l.text, ',')
	}
	l.begun = true
}

func (l *lines) ints(values ...int64) {
	for _, v := range values {
		l.separate()
		if v != null {
			l.text = strconv.AppendInt(l.text, v, 10)
		}
	}
}

func (l *lines) strings(values ...string) {
	for _, v := range values {
		l.separate()
		if strings.ContainsAny(v, ",\"\r\n") {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		l.text = append(l.text, v...)
	}
}

func (l *lines) extraInt(v int64) {
	if l.extra {
		l.ints(v)
	}
}

func (l *lines) extraString(v string) {
	if l.extra {
		l.strings(v)
	}
}

func (l *lines) end() {
	if l.crlf {
		l.text = append(l.text, '\r')
	}
	l.text = append(l.text, '\n')
	l.begun = false
	l.rows++
}
