package config

import (
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"seats/internal/calendar"
)

// Delivery says where a tenant's issued files are delivered to.
type Delivery struct {
	Folder        string        // on the SFTP server, or here and then absolute
	Host          string        // of an SFTP server; empty: Folder is one of this machine
	Port          int           `key:"port"`
	User          string        `key:"user"`
	KeyFile       string        `key:"key_file,path"` // absolute: an OpenSSH private key; or empty
	Agent         string        `key:"agent,path"`    // socket of an agent that holds the key; or empty
	KnownHosts    string        `key:"known_hosts,path"`
	Mode          fs.FileMode   // of the files there; 0: not said
	AgeRecipients []string      // for whom files are encrypted; none: they are not
	Since         calendar.Date `key:"since"`   // periods that end before are not delivered; zero: all are
	Retries       int           `key:"retries"` // of a delivery whose connection broke
	Timeout       time.Duration `key:"timeout"` // of a silence of the server
}

// Address is the SFTP server's, as a connection wants it.
func (d Delivery) Address() string { return net.JoinHostPort(d.Host, strconv.Itoa(d.Port)) }

// Target is the folder as people read it, and the store keeps it: a path, or a URL.
func (d Delivery) Target() string {
	if d.Host == "" {
		return d.Folder
	}
	u := url.URL{Scheme: "sftp", User: url.User(d.User), Host: d.Address(), Path: path.Join("/~", d.Folder)}
	if path.IsAbs(d.Folder) {
		u.Path = d.Folder
	}
	return u.String()
}

// delivery reads the settings, which are complete but for those that have no default.
func (l *loader) delivery(f fields) Delivery {
	d := Delivery{Port: 22, Retries: 5, Timeout: time.Minute}
	f.fill(&d)
	folder := f.get("folder")
	d.Folder, _ = folder.text()
	host := f.get("host")
	if d.Host, _ = host.text(); strings.ContainsAny(d.Host, "/@=[] \t\r\n") {
		host.complain("must be a host name or an address", "user, port and folder have keys of their own")
	}
	if d.Host == "" && d.Folder != "" {
		d.Folder = folder.loader.absolute(d.Folder)
	}
	d.Mode = f.get("mode").fileMode()
	d.AgeRecipients = f.get("age_recipients").recipients()
	return d
}

var fileModes = regexp.MustCompile(`^(?:0|0o)?6[046][04]$`)

// fileMode returns the mode given, in octal, with or without quotes: chmod's number.
func (v value) fileMode() fs.FileMode {
	text, ok := v.scalar()
	if !ok {
		return 0
	}
	if !fileModes.MatchString(text) {
		v.problem("must be a mode such as 0640, in octal", "0600 to 0664, and nobody runs them")
		return 0
	}
	mode, _ := strconv.ParseUint(text[len(text)-3:], 8, 32) // it matches
	return fs.FileMode(mode)
}

// recipients returns the list of age's public keys given. A bad one is not quoted: it may be a secret key.
func (v value) recipients() []string {
	texts, places := v.texts()
	for i, text := range texts {
		if _, err := age.ParseRecipients(strings.NewReader(text)); err != nil || strings.ContainsAny(text, "\r\n") {
			places[i].complain("is no public key of age", "age-keygen -y prints it: age1...")
		}
	}
	return texts
}

// deliver reads where a tenant's files are delivered to: nil where neither it nor globals say so, or where its folder
// is empty.
func (l *loader) deliver(own, global fields) *Delivery {
	settings := own.over(global, "key_file", "agent")
	d := l.delivery(settings)
	folder := settings.get("folder")
	if len(settings.byKey) == 0 || folder.given() && d.Folder == "" {
		return nil
	}
	settings.lacks("folder", "an empty one delivers nothing")
	if d.Host == "" {
		for _, key := range []string{"port", "user", "key_file", "agent", "known_hosts"} {
			if v := own.get(key); v.given() {
				v.complain("is for SFTP, and there is no host", "")
			}
		}
		return &d
	}
	for _, key := range []string{"user", "known_hosts"} {
		settings.lacks(key, "")
	}
	keyFile, agent := settings.get("key_file"), settings.get("agent")
	if !agent.given() {
		settings.lacks("key_file", "or agent: ${SSH_AUTH_SOCK}")
	} else if keyFile.given() {
		agent.complain(fmt.Sprintf("there is a key_file on line %d: give one of the two", keyFile.at.line), "")
	}
	return &d
}

// lacks reports a key of a delivery that is not given.
func (f fields) lacks(key, hint string) {
	if v := f.get(key); !v.given() {
		v.complain("is required, here or in globals.deliver", hint)
	}
}
