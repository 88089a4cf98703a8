-- One row: what a sealed month says of itself. The key tells it from every other file.
create schema sealing._data;
create table sealing._data.seal as
select $month::varchar as month,
       $key::varchar as key
