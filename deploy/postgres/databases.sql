-- A database for each service: none can read another's tables.
CREATE DATABASE payment;
CREATE DATABASE inventory;
CREATE DATABASE shipping;
CREATE DATABASE notification;
CREATE DATABASE projector;
CREATE DATABASE watchdog;
CREATE DATABASE gateway;
