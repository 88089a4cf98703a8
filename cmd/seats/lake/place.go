package lake

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"example.com/seats/internal/fail"
	"example.com/seats/internal/plain"
)

// place is where a lake lies: a folder, or a bucket. Names are relative, with slashes.
type place interface {
	// list gives the files below a folder, by name; none where it is missing.
	list(ctx context.Context, folder string) ([]info, error)
	// read gives a file's text; fs.ErrNotExist.
	read(ctx context.Context, name string) ([]byte, error)
	// create writes a new file, whole or not at all; fs.ErrExist.
	create(ctx context.Context, name string, text []byte) error
	// put brings a local file there, whole or not at all, in place of one that is there.
	put(ctx context.Context, name, from string) error
	// local gives the file, or a copy of it below temp, as engines read it.
	local(ctx context.Context, name, temp string) (string, error)
	// remove removes a file, if it is there.
	remove(ctx context.Context, name string) error
	io.Closer
}

type info struct {
	Name     string `json:"name"`
	Modified int64  `json:"modified"` // epoch milliseconds
}

// folder is for its owner and whom access names alone. No link leads out of it.
type folder struct {
	*os.Root
	access plain.Access
}

func (f folder) path(name string) string { return filepath.Join(f.Name(), name) }

// placed names a file in an error by its whole path: below a root it is known by what follows.
func (f folder) placed(err error) error {
	if file, is := errors.AsType[*fs.PathError](err); is && filepath.IsLocal(file.Path) && !strings.HasPrefix(file.Path, f.Name()+"/") {
		file.Path = f.path(file.Path)
	}
	return err
}

func (f folder) list(_ context.Context, under string) (all []info, err error) {
	err = fs.WalkDir(f.FS(), under, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var i fs.FileInfo
			if i, err = d.Info(); err == nil {
				all = append(all, info{name, i.ModTime().UnixMilli()})
			}
		}
		if errors.Is(err, fs.ErrNotExist) { // by now
			return nil
		}
		return err
	})
	return all, f.placed(err)
}

func (f folder) read(ctx context.Context, name string) ([]byte, error) {
	if _, err := f.local(ctx, name, ""); err != nil {
		return nil, err
	}
	text, err := f.ReadFile(name)
	return text, f.placed(err)
}

func (f folder) local(_ context.Context, name, _ string) (string, error) {
	is, err := f.Lstat(name)
	if err == nil && !is.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: errors.New("it is no file")}
	}
	return f.path(name), f.placed(err)
}

func (f folder) create(_ context.Context, name string, text []byte) error {
	return f.write(name, bytes.NewReader(text), func(draft string) error {
		err := f.Link(draft, name)
		if errors.Is(err, syscall.EPERM) || errors.Is(err, errors.ErrUnsupported) { // no links in this file system: look first
			if _, err := f.Lstat(name); err == nil {
				return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
			}
			return f.Rename(draft, name)
		}
		return err
	})
}

func (f folder) put(_ context.Context, name, from string) error {
	in, err := plain.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // only read
	return f.write(name, in, func(draft string) error { return f.Rename(draft, name) })
}

// write writes a file beside where it is to be, under a name that no engine reads, and has it named when the disk has it.
func (f folder) write(name string, text io.Reader, give func(draft string) error) (err error) {
	defer func() { err = f.placed(err) }()
	dir := path.Dir(name)
	if _, err := f.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		err := f.MkdirAll(dir, 0o700)
		for ; err == nil && dir != "."; dir = path.Dir(dir) {
			err = cmp.Or(f.access.Give(f.path(dir)), plain.Sync(f.path(path.Dir(dir))))
		}
		if err != nil {
			return err
		}
	}
	draft := path.Join(path.Dir(name), "."+path.Base(name)+"."+rand.Text())
	out, err := f.OpenFile(draft, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.remove(context.Background(), draft)) }() // a link to it stays
	if _, err = io.Copy(out, text); err == nil {
		err = out.Sync()
	}
	if err = cmp.Or(errors.Join(err, out.Close()), f.access.Give(f.path(draft))); err == nil {
		err = give(draft)
	}
	return cmp.Or(err, plain.Sync(f.path(path.Dir(name))))
}

func (f folder) remove(_ context.Context, name string) error {
	if err := f.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return f.placed(err)
	}
	return nil
}

// bucket is one of S3, or of what speaks its protocol.
type bucket struct {
	client       *minio.Client
	name, prefix string
}

// openBucket opens what follows s3://, by what AWS's own tools read: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION, and the
// credentials of the environment, ~/.aws/credentials or the machine's role.
func openBucket(rest string) (place, error) {
	name, prefix, _ := strings.Cut(strings.TrimRight(rest, "/"), "/")
	own := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"))
	at, err := url.Parse(cmp.Or(own, "https://s3.amazonaws.com"))
	if err != nil || at.Host == "" || name == "" {
		return nil, fail.New(fail.Usage, "give s3://BUCKET/PREFIX, and in AWS_ENDPOINT_URL nothing or https://HOST:PORT", "open s3://%s: no bucket, or no server", rest)
	}
	lookup := minio.BucketLookupAuto
	if own != "" { // whose name servers know no names of buckets
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(at.Host, &minio.Options{Secure: at.Scheme == "https", Region: cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")), BucketLookup: lookup,
		Creds: credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{}})})
	if err != nil {
		return nil, fail.New(fail.Usage, "see AWS_ENDPOINT_URL", "open s3://%s: %w", rest, err)
	}
	return bucket{client, name, prefix}, nil
}

func (b bucket) Close() error { return nil }

// key is a file's whole name in the bucket.
func (b bucket) key(name string) string { return path.Join(b.prefix, name) }

// said is an error with the name of what it is about, and known as that of package fs where it is one.
func (b bucket) said(verb, name string, err error) error {
	switch minio.ToErrorResponse(err).Code {
	case "":
		if err == nil {
			return nil
		}
	case minio.NoSuchKey:
		err = fs.ErrNotExist
	case minio.PreconditionFailed, "ConditionalRequestConflict": // another is at it: it will be there
		err = fs.ErrExist
	}
	return fmt.Errorf("%s s3://%s/%s: %w", verb, b.name, b.key(name), err)
}

func (b bucket) list(ctx context.Context, folder string) (all []info, err error) {
	prefix := strings.TrimPrefix(b.key(folder)+"/", "./")
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			return nil, b.said("list", folder, o.Err)
		}
		all = append(all, info{path.Join(folder, strings.TrimPrefix(o.Key, prefix)), o.LastModified.UnixMilli()})
	}
	return all, nil
}

func (b bucket) read(ctx context.Context, name string) ([]byte, error) {
	o, err := b.client.GetObject(ctx, b.name, b.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, b.said("read", name, err)
	}
	defer o.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(o)
	return text, b.said("read", name, err)
}

func (b bucket) create(ctx context.Context, name string, text []byte) error {
	o := minio.PutObjectOptions{DisableMultipart: true}
	o.SetMatchETagExcept("*")
	_, err := b.client.PutObject(ctx, b.name, b.key(name), bytes.NewReader(text), int64(len(text)), o)
	return b.said("create", name, err)
}

func (b bucket) put(ctx context.Context, name, from string) error {
	_, err := b.client.FPutObject(ctx, b.name, b.key(name), from, minio.PutObjectOptions{})
	return b.said("write", name, err)
}

func (b bucket) local(ctx context.Context, name, temp string) (string, error) {
	file := filepath.Join(temp, "fetched", name)
	return file, b.said("fetch", name, b.client.FGetObject(ctx, b.name, b.key(name), file, minio.GetObjectOptions{}))
}

func (b bucket) remove(ctx context.Context, name string) error {
	return b.said("remove", name, b.client.RemoveObject(ctx, b.name, b.key(name), minio.RemoveObjectOptions{}))
}
