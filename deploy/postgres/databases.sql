-- A database for each service: none can read another's tables. UTF-8 whatever the server's locale is.
CREATE DATABASE payment ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE inventory ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE shipping ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE notification ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE tasks ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE projector ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE watchdog ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE gateway ENCODING 'UTF8' TEMPLATE template0;
