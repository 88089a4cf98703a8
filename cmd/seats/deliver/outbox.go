package deliver

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"seats/internal/fail"
	"seats/internal/plain"
)

// outbox is a folder that keeps what is being sent until the store says that it was delivered. A run that was killed
// before that leaves it to the next one, which thereby knows what it finds at the target: an encrypted file has other
// bytes each time, so these are sent again and no new ones.
type outbox struct {
	dir        string
	recipients []string // age's public keys; none: nothing is encrypted
}

// sealedSuffix ends the names of encrypted files.
const sealedSuffix = ".age"

func (o outbox) suffix() string {
	if len(o.recipients) > 0 {
		return sealedSuffix
	}
	return ""
}

// seal gives what is sent for a text with this SHA-256.
func (o outbox) seal(sum string, text []byte) ([]byte, error) {
	path := filepath.Join(o.dir, sum+"-"+digest([]byte(strings.Join(o.recipients, "\n")))[:16])
	sealed, err := plain.Read(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return sealed, err
	}
	if sealed, err = encrypt(text, o.recipients); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	if err := o.make(); err != nil {
		return nil, err
	}
	if err := writeNew(path+".tmp", sealed, 0o600); err != nil {
		return nil, err
	}
	return sealed, errors.Join(os.Rename(path+".tmp", path), plain.Sync(o.dir))
}

// make makes the folder unless it is there. A link in its place is refused: it may lead anywhere.
func (o outbox) make() error {
	err := os.Mkdir(o.dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		var info fs.FileInfo
		if info, err = os.Lstat(o.dir); err == nil && !info.IsDir() {
			return fail.New(fail.Other, "find out who put it there, and move it away", "make %s: it is there, and no folder", o.dir)
		}
	}
	return err
}

// sent tells whether something with this SHA-256 was put into the outbox.
func (o outbox) sent(sum string) (bool, error) {
	entries, err := os.ReadDir(o.dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		text, err := plain.Read(filepath.Join(o.dir, e.Name()))
		if err != nil || digest(text) == sum {
			return err == nil, err
		}
	}
	return false, nil
}

// Clear empties the outbox, once the store knows of everything that was sent.
func (c Courier) Clear() error { return os.RemoveAll(c.Outbox) }

func encrypt(text []byte, recipients []string) ([]byte, error) {
	if len(recipients) == 0 {
		return text, nil
	}
	keys, err := age.ParseRecipients(strings.NewReader(strings.Join(recipients, "\n")))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, keys...)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
