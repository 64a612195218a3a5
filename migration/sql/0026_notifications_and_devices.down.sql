DROP TABLE push;
DROP TABLE push_device;
DROP TABLE push_key;
DROP TABLE notification_choice;
DROP TABLE notification;
