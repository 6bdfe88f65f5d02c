SELECT origin, month, avg(delay) AS delay FROM bronze.flights GROUP BY ALL
