-- What each byte from 128 to 255 means in the database's encoding: the setting seats.alphabet of this transaction, which
-- alphabet_found.sql reads. In UTF-8, as hexadecimal digits, with commas between; nothing where a byte means nothing by
-- itself, as all do in an encoding of several bytes a character and in SQL_ASCII, and a few in most others. A block,
-- because a query cannot go on behind a byte that has no equivalent.
do $$
declare
    meanings text := '';
begin
    for byte in 128..255 loop
        begin
            meanings := meanings || encode(convert(set_byte('\x00', 0, byte), getdatabaseencoding(), 'UTF8'), 'hex');
        exception
            when untranslatable_character or character_not_in_repertoire then
                null;
        end;
        meanings := meanings || ',';
    end loop;
    perform set_config('seats.alphabet', meanings, true);
end
$$
