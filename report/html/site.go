// Package html writes results as a site of pages that opens from the file system: a fleet page, and for each tenant an
// overview, a page a month and a page a day with the curve of every second.
//
// Promises: the pages ask for nothing outside their folder, and a content-security policy forbids it; every text is
// escaped; without scripts all numbers are there as tables. The folder appears whole or not at all, its files readable
// by their owner alone, and takes the place of nothing but an older site. Equal input gives equal bytes.
//
// The package is given values. It does not know where they are kept or how they were counted, and reads no clock.
// Memory grows with a tenant's days, not with their curves.
package html

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"

	"seats/internal/calendar"
)

//go:embed assets
var assets embed.FS

//go:embed pages
var pages embed.FS

var templates = template.Must(template.New("").Funcs(functions).ParseFS(pages, "pages/*.html"))

// Site is a site in the making. Tenants are added one after the other, each with its days; Close publishes all.
type Site struct {
	head    Head
	folder  *folder
	tenants []*overview
}

// Create begins a site. The error is of fail.Usage where the folder is taken by something that is no site.
func Create(dir string, head Head) (*Site, error) {
	f, err := newFolder(dir)
	if err != nil {
		return nil, err
	}
	return &Site{head: head, folder: f}, nil
}

// Drop throws away a site that was not closed. After Close it does nothing.
func (s *Site) Drop() error { return s.folder.Drop() }

// Tenant adds a tenant: its overview and its months. Its days follow by Day.
func (s *Site) Tenant(t Tenant) error {
	o := newOverview(t)
	s.tenants = append(s.tenants, o)
	if t.Problem != "" {
		return nil
	}
	if err := s.page(t.Name+"/index.html", "tenant", "../", t.Name, o); err != nil {
		return err
	}
	for _, m := range o.Months {
		if err := s.page(t.Name+"/"+m.Month.String()+".html", "month", "../", t.Name+" "+m.Month.String(), m); err != nil {
			return err
		}
	}
	return s.script(t.Name+"/data/days.js", "seatsDays", o.paged)
}

// Day adds the page of a day of the tenant that was added last.
func (s *Site) Day(date calendar.Date, detail Detail) error {
	o := s.tenants[len(s.tenants)-1]
	at := slices.IndexFunc(o.Days, func(d Day) bool { return d.Date == date })
	if at < 0 || !o.Days[at].HasPage {
		return fmt.Errorf("write page of %s: it is no day of %s with a page", date, o.Name)
	}
	v := o.day(at, detail)
	if err := s.script(o.Name+"/data/"+date.String()+".js", "seatsDay", v.data()); err != nil {
		return err
	}
	return s.page(o.Name+"/"+date.String()+".html", "day", "../", o.Name+" "+date.String(), v)
}

// Close writes the fleet page, and publishes the site.
func (s *Site) Close() error {
	if err := s.page("index.html", "fleet", "", "All tenants", s.tenants); err != nil {
		return err
	}
	err := fs.WalkDir(assets, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := assets.ReadFile(name)
		if err != nil {
			return err
		}
		return s.folder.put(name, text)
	})
	if err != nil {
		return err
	}
	if err := s.folder.put(markName, []byte(markText)); err != nil {
		return err
	}
	return s.folder.publish()
}

// frame is what every page has around its own.
type frame struct {
	Head
	Root  string // the way to the site's folder: "" or "../"
	Title string
	Of    any
}

func (s *Site) page(name, kind, root, title string, of any) error {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, kind+".html", frame{s.head, root, title, of}); err != nil {
		return fmt.Errorf("write %s: %w", path.Base(name), err)
	}
	return s.folder.put(name, out.Bytes())
}

// script writes a value as a call: pages of the file system cannot fetch. What would end a script element or a line is escaped.
func (s *Site) script(name, function string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return s.folder.put(name, []byte(function+"("+strings.ToValidUTF8(string(text), "\uFFFD")+")\n"))
}
