package io.millrace.embedded;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;

/** A private authority and a certificate for 127.0.0.1 that it issued, made anew for one test. */
public final class TestCertificates {

  private static final String PASSWORD = "only-for-this-test";

  private TestCertificates() {}

  /**
   * Writes the files into a folder.
   *
   * @param folder exists
   */
  public static EmbeddedTls in(Path folder) {
    return issue(folder, authority("CN=Millrace test authority"));
  }

  /** The certificate of an authority that issued nothing, PEM. */
  public static Path strangeAuthority(Path folder) {
    try {
      return Files.writeString(
          folder.resolve("strange-authority.pem"), authority("CN=Stranger").getCertificatePEM());
    } catch (Exception e) {
      throw new IllegalStateException("The authority was not written", e);
    }
  }

  private static X509Bundle authority(String name) {
    try {
      return new CertificateBuilder()
          .ecp256()
          .subject(name)
          .setIsCertificateAuthority(true)
          .setKeyUsage(true, CertificateBuilder.KeyUsage.keyCertSign)
          .buildSelfSigned();
    } catch (Exception e) {
      throw new IllegalStateException("The authority was not made", e);
    }
  }

  private static EmbeddedTls issue(Path folder, X509Bundle authority) {
    try {
      X509Bundle issued =
          new CertificateBuilder()
              .ecp256()
              .subject("CN=millrace")
              .addSanIpAddress("127.0.0.1")
              .setKeyUsage(true, CertificateBuilder.KeyUsage.digitalSignature)
              .addExtendedKeyUsageServerAuth()
              .addExtendedKeyUsageClientAuth()
              .buildIssuedBy(authority);
      Path keyStore = folder.resolve("millrace.p12");
      KeyStore entries = KeyStore.getInstance("PKCS12");
      entries.load(null, null);
      // PostgreSQL's JDBC driver looks for this name.
      entries.setKeyEntry(
          "user",
          issued.getKeyPair().getPrivate(),
          PASSWORD.toCharArray(),
          issued.getCertificatePath());
      try (OutputStream out = Files.newOutputStream(keyStore)) {
        entries.store(out, PASSWORD.toCharArray());
      }
      return new EmbeddedTls(
          Files.writeString(folder.resolve("authority.pem"), authority.getCertificatePEM()),
          Files.writeString(folder.resolve("millrace.pem"), issued.getCertificatePathPEM()),
          Files.writeString(folder.resolve("millrace.key"), issued.getPrivateKeyPEM()),
          keyStore,
          PASSWORD);
    } catch (Exception e) {
      throw new IllegalStateException("The certificates were not written to " + folder, e);
    }
  }
}
