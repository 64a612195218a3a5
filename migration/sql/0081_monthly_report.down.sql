DROP TABLE monthly_report;
