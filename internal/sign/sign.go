// Package sign signs texts with an Ed25519 key and checks such signatures. Keys and signatures are minisign's
// (https://jedisct1.github.io/minisign/): whoever has that program can make the keys, and check without this one.
package sign

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"aead.dev/minisign"

	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
)

// Suffix is what the name of a signature has behind that of the signed file.
const Suffix = ".minisig"

type Key struct{ private minisign.PrivateKey }

// ReadKey reads a secret key, with its password where it is encrypted. A file that is plain.Exposed is refused. Errors carry fail.BadConfig.
func ReadKey(path, password string) (*Key, error) {
	bad := func(hint, format string, args ...any) error {
		return fail.New(fail.BadConfig, hint, "read sign_key %s: %w", path, fmt.Errorf(format, args...))
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, bad("`minisign -G -s FILE` makes a key", "%w", errors.Unwrap(err))
	}
	if !info.Mode().IsRegular() || plain.Exposed(info) {
		return nil, bad("chmod 600 "+path, "it must be a file that nobody but its owner can read (mode %s)", info.Mode())
	}
	text, err := plain.Read(path)
	if err != nil {
		return nil, bad("", "%w", errors.Unwrap(err))
	}
	var k Key
	switch {
	case !minisign.IsEncrypted(text):
		err = k.private.UnmarshalText(bytes.TrimSpace(text))
	case password == "":
		return nil, bad("set sign_key_password", "it is encrypted, and no password is given")
	default:
		if k.private, err = minisign.DecryptKey(password, bytes.TrimSpace(text)); err != nil {
			return nil, bad("check sign_key_password", "it cannot be decrypted: the password is another, or the file is damaged")
		}
		debug.FreeOSMemory() // the password took a gigabyte, which others shall have
	}
	// A key without a password carries no checksum.
	if err != nil || k.Public().Check(nil, k.Sign(nil, "")) != nil {
		return nil, bad("give the file that `minisign -G` wrote with -s", "it is no secret key of minisign's, or it is damaged")
	}
	return &k, nil
}

func (k *Key) ID() string { return fmt.Sprintf("%016X", k.private.ID()) }

// Public is what checks the key's signatures.
func (k *Key) Public() Public { return Public{k.private.Public().(minisign.PublicKey)} }

// Sign gives the bytes of a signature of the text and of the comment, which is one line. Equal texts and comments have equal signatures.
func (k *Key) Sign(text []byte, comment string) []byte {
	r := minisign.NewReader(bytes.NewReader(text)) // it makes signatures of the kind that minisign itself makes
	_, _ = io.Copy(io.Discard, r)                  // memory can be read
	return r.SignWithComments(k.private, comment, "signed by seats with key "+k.ID())
}

// Public are keys that check signatures, each those that it made.
type Public []minisign.PublicKey

// ReadPublic reads a public key of each file. Errors carry fail.Usage.
func ReadPublic(paths ...string) (Public, error) {
	var keys Public
	for _, path := range paths {
		var key minisign.PublicKey
		err := plain.Check(path)
		if err == nil {
			key, err = minisign.PublicKeyFromFile(path)
		}
		if err != nil {
			return nil, fail.New(fail.Usage, "give the file that `minisign -G` wrote with -p", "read public key %s: %w", path, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// What can be wrong with a signature.
var (
	ErrNone       = errors.New("it is no signature")
	ErrAnotherKey = errors.New("it was made with another key")
	ErrAltered    = errors.New("it does not fit: file, signature or comment were altered")
)

// Check tells what is wrong with a signature of the text: ErrNone, ErrAnotherKey or ErrAltered. Where it is nil, the comment is the signer's too.
func (p Public) Check(text, signature []byte) error {
	var s minisign.Signature
	if s.UnmarshalText(signature) != nil {
		return ErrNone
	}
	for _, key := range p {
		switch {
		case key.ID() != s.KeyID:
		case minisign.Verify(key, text, signature):
			return nil
		default:
			return ErrAltered
		}
	}
	return fmt.Errorf("%w, %016X", ErrAnotherKey, s.KeyID)
}

// Comment is the trusted comment of a signature, "" of what is none. It is believed only after Check.
func Comment(signature []byte) string {
	var s minisign.Signature
	if s.UnmarshalText(signature) != nil {
		return ""
	}
	return s.TrustedComment
}
