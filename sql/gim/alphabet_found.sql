-- One row: what alphabet.sql found out.
select current_setting('seats.alphabet')
