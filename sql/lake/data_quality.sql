-- Grain: data-quality rule on a day (R11): as the scratch store's pseudonymized rows give it, where they are there; else as it is
-- published, without its examples where they would name agents. Inputs: $day, $masked, $file.
copy (
    select rule,
           blocking,
           occurrences,
           examples
    from _data.data_quality
    union all
    select rule,
           blocking,
           occurrences,
           case when $masked then [] else examples end
    from published._data.data_quality
    where day = $day::date
      and not exists (from _data.data_quality)
    order by rule
) to $file (format parquet, compression zstd)
