package config

import (
	"reflect"
	"strings"
	"time"

	"seats/internal/calendar"
)

// fill reads the values of keys into the fields of a struct that name them, as `key:"port"` or, for what is relative to the
// file's folder, `key:"data_dir,path"`. Where the file says nothing, or nothing that can be used, a field stays as it is.
// Settings that tenants share with globals are fields of one struct, of which either has its own.
func (f fields) fill(settings any) {
	s := reflect.ValueOf(settings).Elem()
	for _, field := range reflect.VisibleFields(s.Type()) {
		key, option, _ := strings.Cut(field.Tag.Get("key"), ",")
		if f.of.rule.under(key) != nil {
			f.get(key).fill(s.FieldByIndex(field.Index), option == "path")
		}
	}
}

func (v value) fill(place reflect.Value, isPath bool) {
	switch p := place.Addr().Interface().(type) {
	case *int:
		if n, ok := v.integer(); ok {
			*p = int(n)
		}
	case *int64:
		set(p, v.integer)
	case **int64:
		if n, ok := v.integer(); ok {
			*p = &n
		}
	case *time.Duration:
		set(p, v.timeout)
	case **time.Location:
		set(p, v.zone)
	case *calendar.Date:
		set(p, v.date)
	case *[]Unit:
		set(p, v.units)
	case *[]string:
		*p, _ = v.texts()
	default: // text
		if text, ok := v.text(); ok {
			if isPath && text != "" {
				text = v.loader.absolute(text)
			}
			place.SetString(text)
		}
	}
}

// set changes a setting where one is read.
func set[T any](p *T, read func() (T, bool)) {
	if v, ok := read(); ok {
		*p = v
	}
}
