SELECT
    CAST(ordered_at AS DATE) AS day,
    count(*) AS orders,
    CAST(sum(quantity * price) AS DECIMAL(18, 2)) AS revenue
FROM bronze.orders
WHERE status = 'paid'
GROUP BY day
ORDER BY day
