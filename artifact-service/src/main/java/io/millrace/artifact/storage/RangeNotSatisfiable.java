package io.millrace.artifact.storage;

/** The range asked for begins behind the end. HTTP says 416 with the size in Content-Range. */
public final class RangeNotSatisfiable extends RuntimeException {

  private final long size;

  RangeNotSatisfiable(long size) {
    super("the range begins behind the end; there are %d bytes".formatted(size));
    this.size = size;
  }

  /** The value of the Content-Range header of the refusal. */
  public String contentRange() {
    return "bytes */" + size;
  }
}
