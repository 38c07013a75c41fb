package io.millrace.tracking.webhooks.outbound;

/** An address that is not called. */
public final class TargetRefused extends Exception {

  private final Reason reason;

  /** Why. */
  public enum Reason {
    INVALID_URL,
    HTTPS_REQUIRED,
    PORT_REFUSED,
    UNRESOLVABLE_HOST,
    ADDRESS_REFUSED;

    /** Stable code, as problems name it. */
    public String code() {
      return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
    }
  }

  TargetRefused(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Why. */
  public Reason reason() {
    return reason;
  }

  /** Why, in words. */
  public String words() {
    return String.valueOf(getMessage());
  }
}
