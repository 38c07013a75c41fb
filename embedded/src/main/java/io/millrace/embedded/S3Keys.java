package io.millrace.embedded;

/**
 * The one identity that the S3 endpoint accepts.
 *
 * @param accessKey public half, sent with each request
 * @param secretKey private half, only ever used to sign
 */
public record S3Keys(String accessKey, String secretKey) {

  public S3Keys {
    if (accessKey.isBlank() || secretKey.isBlank()) {
      throw new IllegalArgumentException("an S3 access key and its secret key must not be blank");
    }
  }

  @Override
  public String toString() {
    return "S3Keys[accessKey=" + accessKey + "]";
  }
}
