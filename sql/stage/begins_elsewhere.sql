-- One row: whether any staged activity begins outside the day. All others share their first second with it, or have none.
-- Inputs: _stage.gim.interaction_resource_fact, contact_attempt_fact, slice_span.
select exists (
           from _stage.gim.interaction_resource_fact as f
           anti join slice_span as p on f.start_ts >= p.start_ts
               and f.start_ts < p.end_ts
           where f.start_ts is not null
       )
       or exists (
           from _stage.gim.contact_attempt_fact as f
           anti join slice_span as p on f.start_ts >= p.start_ts
               and f.start_ts < p.end_ts
           where f.start_ts is not null
       )
