package report

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"seats/internal/config"
)

// The specification's constants ("Resulting data file details").
const (
	metricName   = "seats_outbound"
	channelType  = "4"
	serviceClass = "23"
	activityType = "5"
	statusText   = "AGENT_SEATS"
)

// dataFileRows is how many rows a data file has below its header: one region and one period make one row.
const dataFileRows = 1

// fieldValues are what a column of a data file can show: one for each of config.Fields, which a test holds them to.
var fieldValues = map[string]func(Number) string{
	"TenantID":       func(n Number) string { return n.Tenant },
	"Region":         func(n Number) string { return n.Region },
	"MetricName":     func(Number) string { return metricName },
	"Period":         func(n Number) string { return n.Period },
	"ChannelType":    func(Number) string { return channelType },
	"ServiceClass":   func(Number) string { return serviceClass },
	"ActivityType":   func(Number) string { return activityType },
	"Status":         func(Number) string { return statusText },
	"AgentGroupName": func(n Number) string { return strconv.Itoa(n.Measure.AgentGroupName()) },
	"MessageSize":    func(n Number) string { return strconv.FormatInt(n.Value, 10) },
}

// renderDataFile gives the bytes of the number's data file: a header and one row, RFC 4180 with "\n". They depend on the
// number's identity and value and on the columns, not on its state or its slices.
//
// A spreadsheet may take text that begins with =, +, - or @ for a formula. No name can begin so, and counts are digits; only a
// constant of the operator's own configuration can, and it is written as configured.
func renderDataFile(n Number, columns []config.Column) ([]byte, error) {
	if len(columns) == 0 {
		columns = config.DefaultColumns()
	}
	var header, row []string
	for _, column := range columns {
		value, known := column.Value, column.Constant
		if !known { // a column that names no field shows the field of its own name
			var show func(Number) string
			if show, known = fieldValues[cmp.Or(column.Field, column.Name)]; known {
				value = show(n)
			}
		}
		if !known {
			return nil, fmt.Errorf("render data file: column %q: unknown field %q", column.Name, cmp.Or(column.Field, column.Name))
		}
		header, row = append(header, column.Name), append(row, value)
	}
	var out bytes.Buffer
	if err := writeCSV(&out, [][]string{header, row}); err != nil {
		return nil, fmt.Errorf("render data file: %w", err)
	}
	return out.Bytes(), nil
}

// writeCSV writes RFC 4180 with "\n". A row of one empty field is written as a
// quoted one: a blank line would be skipped by readers, package csv's included.
func writeCSV(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	for _, row := range rows {
		if len(row) == 1 && row[0] == "" {
			out.Flush()
			if _, err := io.WriteString(w, "\"\"\n"); err != nil {
				return err
			}
			continue
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
