with movements as (
    select origin as iata, true as departs, delay from bronze.flights
    union all
    select destination, false, null from bronze.flights
)
select
    m.iata,
    a.name,
    a.city,
    a.state,
    count(*) filter (where departs)     as departures,
    count(*) filter (where not departs) as arrivals,
    round(avg(m.delay), 1)              as mean_departure_delay
from movements m
left join bronze.airports a on a.iata = m.iata
group by all
order by departures desc, m.iata
