-- Counts the numbers of this pack again. In the folder that it was unpacked to:  duckdb < recompute.sql
-- The statements are those of the folder sql; RECOMPUTE.md explains them.
set timezone = 'UTC';
{{range .Schemas}}{{statement .}};
{{end -}}
-- The slices and the rules of the pack.
{{- range .Heads}}
insert into _data.{{.}} by name from read_parquet('slices/{{.}}.parquet', hive_partitioning = false, union_by_name = false, filename = false);
{{- end}}
{{- range .RowTables}}
insert into _data.{{.}} by name from read_parquet('slices/*/{{.}}.parquet', hive_partitioning = false, union_by_name = false, filename = false);
{{- end}}
create schema pack;
{{- range .Tables}}
create table pack.{{.Name}} as from read_csv('{{.File}}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"',
    new_line = '\n', comment = '', nullstr = '', compression = 'none', hive_partitioning = false, union_by_name = false, filename = false,
    columns = { {{- range $i, $c := .Columns}}{{if $i}}, {{end}}'{{$c}}': 'varchar'{{end -}} });
{{- end}}
create table pack.slice_hash (day varchar, sha256 varchar);
{{if .Copied -}}
create table pack.file as select parse_filename(filename) as name, content from read_blob('issued/*');
{{else -}}
create table pack.file (name varchar, content blob);
{{end}}
-- The days. First their rules (R2, R5 to R7): rows of the pack.
create or replace temp table rule as select d.day::date as day, s.as_of, d.end_second_counts::boolean as end_second_counts, d.state,
    d.slice_sha256, d.rules_sha256, '' as rules from pack.day as d join _data.slice as s on s.day = d.day::date;
create or replace temp table rule_region_day as select day::date as day, region, start_ts::bigint as start_ts, end_ts::bigint as end_ts
    from pack.region_day;
create or replace temp table rule_location as select d.day::date as day, region, location, is_default::boolean as is_default from pack.day as d join pack.location using (rules_sha256);
create or replace temp table rule_switch as select d.day::date as day, region, location, switch_name from pack.day as d join pack.switch using (rules_sha256);
create or replace temp table rule_exclude as select d.day::date as day, pattern from pack.day as d join pack.exclude using (rules_sha256);
{{range .Steps}}{{statement .}};
{{end -}}
{{range .Days}}set variable the_day = '{{.}}';
insert into pack.slice_hash select getvariable('the_day'), sha256 from (
{{statement "slice/slice_sha256"}}
);
{{end -}}
{{range .Months}}
-- {{.}}
set variable the_month = '{{.}}';
create or replace temp table rule_month_day as select region, day::date as day from pack.month_day where month = getvariable('the_month');
create or replace temp table rule_region_month as select distinct region, '' as state, '' as slices_sha256 from rule_month_day;
set variable the_rules_sha256 = '';
set variable the_sql_sha256 = '';
set variable the_computed_ts = 0;
{{statement "count/month_agent"}};
{{statement "count/monthly_enabled"}};
{{statement "count/monthly_concurrent"}};
{{end}}
set variable the_recorded = '{{.Recorded}}';
{{conclusion}};
