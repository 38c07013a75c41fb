package io.millrace.tracking.webhooks.outbound;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Who may vouch for receivers: the authorities of the JVM and those of the house. */
public final class Authorities {

  private Authorities() {}

  /**
   * Reads further authorities.
   *
   * @param pem file with their certificates; null for none
   * @throws IllegalArgumentException where there are none in it
   */
  public static TrustManagerFactory with(@Nullable Path pem) {
    try {
      TrustManagerFactory usual = factory(null);
      if (pem == null) {
        return usual;
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (TrustManager manager : usual.getTrustManagers()) {
        if (manager instanceof X509TrustManager known) {
          for (X509Certificate issuer : known.getAcceptedIssuers()) {
            store.setCertificateEntry("jvm-" + number++, issuer);
          }
        }
      }
      for (Certificate authority : read(pem)) {
        store.setCertificateEntry("house-" + number++, authority);
      }
      return factory(store);
    } catch (GeneralSecurityException | IOException unreadable) {
      throw new IllegalArgumentException(
          "millrace.webhooks.authorities: %s cannot be read as certificates (PEM): %s"
              .formatted(pem, unreadable),
          unreadable);
    }
  }

  private static Collection<? extends Certificate> read(Path pem)
      throws IOException, GeneralSecurityException {
    try (InputStream file = Files.newInputStream(pem)) {
      Collection<? extends Certificate> found =
          CertificateFactory.getInstance("X.509").generateCertificates(file);
      if (found.isEmpty()) {
        throw new IOException("there is none in it");
      }
      return found;
    }
  }

  private static TrustManagerFactory factory(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory;
  }
}
