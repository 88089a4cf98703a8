package delta

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"example.com/seats/internal/fail"
)

type bucket struct {
	client             *minio.Client
	name, prefix, temp string
}

// openBucket opens what follows s3://, by what AWS's own tools read: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION, and the
// credentials of the environment, ~/.aws/credentials or the machine's role.
func openBucket(rest, temp string) (Files, error) {
	b := &bucket{temp: temp}
	b.name, b.prefix, _ = strings.Cut(strings.TrimRight(rest, "/"), "/")
	own := cmp.Or(os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"))
	at, err := url.Parse(cmp.Or(own, "https://s3.amazonaws.com"))
	if err != nil || at.Host == "" || b.name == "" {
		return nil, fail.New(fail.Usage, "give s3://BUCKET/PREFIX, and in AWS_ENDPOINT_URL nothing or https://HOST:PORT", "open s3://%s: no bucket, or no server", rest)
	}
	lookup := minio.BucketLookupAuto
	if own != "" { // whose name servers know no names of buckets
		lookup = minio.BucketLookupPath
	}
	b.client, err = minio.New(at.Host, &minio.Options{Secure: at.Scheme == "https", Region: cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")), BucketLookup: lookup,
		Creds: credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{}})})
	if err != nil {
		return nil, fail.New(fail.Usage, "see AWS_ENDPOINT_URL", "open s3://%s: %w", rest, err)
	}
	return b, nil
}

func (b *bucket) Temp() string { return b.temp }
func (b *bucket) Close() error { return nil }

// key is a file's whole name in the bucket.
func (b *bucket) key(name string) string { return path.Join(b.prefix, name) }

// said is an error with the name of what it is about, and known as that of package fs where it is one.
func (b *bucket) said(verb, name string, err error) error {
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

func (b *bucket) Read(ctx context.Context, name string) ([]byte, error) {
	o, err := b.client.GetObject(ctx, b.name, b.key(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, b.said("read", name, err)
	}
	defer o.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(o)
	return text, b.said("read", name, err)
}

func (b *bucket) List(ctx context.Context, folder string) (all []Info, err error) {
	for o := range b.client.ListObjectsIter(ctx, b.name, minio.ListObjectsOptions{Prefix: b.key(folder) + "/", Recursive: true}) {
		if o.Err != nil {
			return nil, b.said("list", folder, o.Err)
		}
		name := strings.TrimPrefix(o.Key, b.prefix)
		all = append(all, Info{strings.TrimPrefix(name, "/"), o.Size, o.LastModified})
	}
	return all, nil
}

func (b *bucket) Create(ctx context.Context, name string, text []byte) error {
	o := minio.PutObjectOptions{DisableMultipart: true}
	o.SetMatchETagExcept("*")
	_, err := b.client.PutObject(ctx, b.name, b.key(name), bytes.NewReader(text), int64(len(text)), o)
	return b.said("create", name, err)
}

func (b *bucket) Put(ctx context.Context, name, from string) error {
	_, err := b.client.FPutObject(ctx, b.name, b.key(name), from, minio.PutObjectOptions{})
	return b.said("write", name, err)
}

func (b *bucket) Local(ctx context.Context, name string) (string, func(), error) {
	dir, err := os.MkdirTemp(b.temp, "")
	if err != nil {
		return "", nil, err
	}
	done := func() { os.RemoveAll(dir) } //nolint:errcheck // a temporary folder
	file := path.Join(dir, path.Base(name))
	if err := b.client.FGetObject(ctx, b.name, b.key(name), file, minio.GetObjectOptions{}); err != nil {
		done()
		return "", nil, b.said("fetch", name, err)
	}
	return file, done, nil
}

func (b *bucket) Remove(ctx context.Context, name string) error {
	return b.said("remove", name, b.client.RemoveObject(ctx, b.name, b.key(name), minio.RemoveObjectOptions{}))
}
