package io.millrace.modelpackage;

/** A model package that must not be used; the message names the file and what is wrong with it. */
public final class PackageException extends RuntimeException {

  /** Stable reasons, for programs. */
  public enum Code {
    /** A file that must be there is not. */
    MISSING_FILE,
    /** Size or SHA-256 differ from the manifest. */
    CORRUPT_FILE,
    /** A path leads out of the package. */
    UNSAFE_PATH,
    /** A document or the graph cannot be read. */
    UNREADABLE,
    /** Understood, but not something this program serves. */
    UNSUPPORTED
  }

  private final Code code;

  public PackageException(Code code, String message) {
    super(message);
    this.code = code;
  }

  public PackageException(Code code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public Code code() {
    return code;
  }
}
