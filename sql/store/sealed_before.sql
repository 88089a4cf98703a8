-- One row: how often a month was sealed before, by the ledger. Input: _data.run; $month.
select count(*)
from _data.run
where contains(message, 'sealed ' || $month || ': ')
