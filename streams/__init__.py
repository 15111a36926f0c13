"""The stream-processing runtime: bytes in, bytes out; it knows neither saga nor Avro."""
