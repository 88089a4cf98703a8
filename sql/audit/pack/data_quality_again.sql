-- Grain: data-quality rule and day, as the pseudonymized rows give it: the examples name nobody. Input: $file.
copy (
    select *
    from _data.data_quality
    order by day, rule
) to $file (format csv, header)
