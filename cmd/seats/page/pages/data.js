{{define "days"}}seatsDays({{json .}})
{{end}}{{/* A day: lengths of time in seconds since its first; steps are seconds, agents, seconds, agents, ... */}}{{define "day"}}seatsDay({"day":"{{.Date}}","state":"{{.State}}","regions":[
{{- range $i, $s := .Detail.Regions}}{{if $i}},{{end}}{"region":{{json .Region}},"zone":{{json .Zone.String}},"start":{{.Day.Start}},"length":{{.Day.Seconds}},"offsets":{{json .Offsets}},"committed":{{.Committed}},"curves":[
{{- range $i, $c := .Curves}}{{if $i}},{{end}}{"location":{{json .Location}},"steps":[
{{- range $i, $t := .Steps}}{{if $i}},{{end}}{{.Seconds}},{{.Agents}}{{end}}]}{{end}}]}{{end}}]})
{{end}}
