-- One row: whether a text holds the name or the employee_id of any agent of the store. Input: $text.
select exists (
    from published._data.agent
    where (employee_id <> '' and contains($text, employee_id))
       or (resource_name <> '' and contains($text, resource_name))
)
