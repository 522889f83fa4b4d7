"""TensorBoard event files: written, and read back, without TensorFlow or protobuf."""
