select
    origin,
    destination,
    date_trunc('month', date)::date as month,
    count(*)                        as flights,
    round(avg(delay), 1)            as mean_delay,
    round(percentile_cont(0.9) within group (order by delay), 1) as p90_delay
from bronze.flights
group by all
order by flights desc, origin, destination, month
