package io.millrace.cli.porting;

/** A server said no to one call, in its own words; the same call again gets the same answer. */
final class Refused extends RuntimeException {

  private final int status;
  private final String code;

  Refused(int status, String code, String message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }

  /** There is no such call on that server, as opposed to no such thing. */
  boolean unknownCall() {
    return status == 405
        || status == 501
        || (status == 404 && !code.equals("RESOURCE_DOES_NOT_EXIST") && !code.equals("NOT_FOUND"));
  }

  boolean missing() {
    return status == 404;
  }

  boolean exists() {
    return code.equals("RESOURCE_ALREADY_EXISTS");
  }

  boolean invalid() {
    return status == 400;
  }
}
