package io.millrace.artifact.storage;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The object store and how it is used (`millrace.s3.*`).
 *
 * @param endpoint address of the S3 server
 * @param publicEndpoint address of the same server for clients; where it is set, they are given
 *     signed addresses there for parts and downloads, else addresses of this service
 * @param rootCertificate PEM file with the authorities that may have issued the server's
 *     certificate, and no others; without it those that the JDK trusts
 * @param accessKey identity
 * @param secretKey its secret; never shown
 * @param bucket bucket of all objects, created where it is missing
 * @param region region of the signature
 * @param partSize bytes of an upload held at a time, 5 MB to 1 GB; an upload has at most 10 000
 *     parts
 * @param uploadMemory bytes that all uploads together hold, at least one part; further uploads wait
 * @param uploadWait how long an upload waits for its share of that memory before it is refused
 * @param connectTimeout longest wait for a connection
 * @param timeout longest silence of the server in the middle of a call
 */
@ConfigurationProperties("millrace.s3")
public record S3Settings(
    @DefaultValue("http://127.0.0.1:9000") URI endpoint,
    @Nullable URI publicEndpoint,
    @Nullable Path rootCertificate,
    @DefaultValue("millrace") String accessKey,
    @DefaultValue("") String secretKey,
    @DefaultValue("millrace") String bucket,
    @DefaultValue("us-east-1") String region,
    @DefaultValue("8MB") DataSize partSize,
    @DefaultValue("64MB") DataSize uploadMemory,
    @DefaultValue("30s") Duration uploadWait,
    @DefaultValue("5s") Duration connectTimeout,
    @DefaultValue("60s") Duration timeout) {

  static final int MAX_PARTS = 10_000;

  public S3Settings {
    if (rootCertificate != null && !"https".equals(endpoint.getScheme())) {
      throw new IllegalArgumentException(
          "millrace.s3.root-certificate is set, but millrace.s3.endpoint is %s: use https, or remove the certificate"
              .formatted(endpoint));
    }
    if (partSize.toMegabytes() < 5 || partSize.toMegabytes() > 1024) {
      throw new IllegalArgumentException(
          "millrace.s3.part-size is " + partSize + ", not 5MB to 1GB");
    }
    if (uploadMemory.compareTo(partSize) < 0) {
      throw new IllegalArgumentException(
          "millrace.s3.upload-memory is %s, less than one part (millrace.s3.part-size) of %s"
              .formatted(uploadMemory, partSize));
    }
  }

  @Override
  public String toString() {
    return "S3Settings[" + accessKey + "@" + endpoint + "/" + bucket + "]";
  }
}
