-- The store, version 4: what a slice keeps so that nothing outside it is needed, and what each issue was counted by. Brings a
-- store of version 3 there; nothing that it holds is changed.

-- How far the source is complete (R10).

-- Rows beside the slice's own that tell where it belongs or ends (R3, R5, R6).

-- What issues were counted by (R9, R13).

-- What keeps and drops rows.

update _data.store_version set version = 4;
