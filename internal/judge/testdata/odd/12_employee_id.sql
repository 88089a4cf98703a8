-- An employee_id that is empty, not absent (R6).
update resource_
set employee_id = ''
where employee_id is null
  and resource_key % 3 = 0;
