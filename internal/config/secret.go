package config

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a text that no printing, logging or encoding shows. Only Reveal does.
type Secret string

const redacted = "***"

// Reveal returns the text itself, for the one place that has to send it.
func (s Secret) Reveal() string { return string(s) }

// MarshalJSON writes "***".
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// MarshalText writes ***.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// String returns ***.
func (Secret) String() string { return redacted }

// GoString returns ***, for %#v.
func (Secret) GoString() string { return redacted }

// Format writes *** for every verb, also for those that look past String, as %x and %d do.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue logs ***.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Format prints the settings with *** for the password. Secret alone does not see to that: where the verb does not suit the value,
// as in %s of a struct with a *GIMDB, fmt prints what is inside without asking it.
func (db GIMDB) Format(f fmt.State, verb rune) {
	type settings GIMDB // without this method
	shown := settings(db)
	shown.Password = redacted
	fmt.Fprintf(f, fmt.FormatString(f, verb), shown)
}

// Format does for the password of sign_key what GIMDB's does for its own.
func (c Config) Format(f fmt.State, verb rune) {
	type settings Config
	shown := settings(c)
	shown.SignKeyPassword = redacted
	fmt.Fprintf(f, fmt.FormatString(f, verb), shown)
}
