with movements as (
    select origin as iata, 1 as departure, 0 as arrival, delay from bronze.flights
    union all
    select destination, 0, 1, null from bronze.flights
)
select
    m.iata,
    a.name,
    a.city,
    a.state,
    sum(m.departure)      as departures,
    sum(m.arrival)        as arrivals,
    round(avg(m.delay), 1) as mean_departure_delay
from movements m
left join bronze.airports a on a.iata = m.iata
group by all
order by departures desc, m.iata
