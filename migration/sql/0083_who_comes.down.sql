DROP TABLE attendance_day;
DROP TABLE attendance_sum;
DROP TABLE attendance;
