package io.millrace.artifact.storage;

import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.pem.PemContent;
import reactor.netty.http.Http11SslContextSpec;
import reactor.netty.http.client.HttpClient;

/**
 * The authorities whose certificates the object store may show, for both clients of this service.
 *
 * @param certificates empty: those that the JDK trusts
 */
record TrustedAuthorities(List<X509Certificate> certificates) {

  private static final String SETTING = "millrace.s3.root-certificate";

  /**
   * Reads the certificates of a PEM file.
   *
   * @throws IllegalArgumentException if the file cannot be used
   */
  static TrustedAuthorities of(@Nullable Path file) {
    if (file == null) {
      return new TrustedAuthorities(List.of());
    }
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "%s is %s, which does not exist or is not a file.".formatted(SETTING, file));
    }
    try {
      return new TrustedAuthorities(PemContent.load(file).getCertificates());
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "%s is %s, which this process cannot read: %s".formatted(SETTING, file, e.getMessage()),
          e);
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s is %s, which holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)."
              .formatted(SETTING, file),
          e);
    }
  }

  /** Makes the client trust them. */
  void into(OkHttpClient.Builder client) {
    if (certificates.isEmpty()) {
      return;
    }
    try {
      X509TrustManager manager = trustManager();
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {manager}, null);
      client.sslSocketFactory(context.getSocketFactory(), manager);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(
          "The certificates of " + SETTING + " cannot be used: " + e, e);
    }
  }

  /** The client, which trusts them. */
  HttpClient into(HttpClient client) {
    return certificates.isEmpty()
        ? client
        : client.secure(
            tls ->
                tls.sslContext(
                    Http11SslContextSpec.forClient()
                        .configure(
                            (SslContextBuilder context) -> context.trustManager(certificates))));
  }

  /** What to change where the store's certificate is the reason. */
  static String remedy(@Nullable Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SSLException) {
        return "; check that "
            + SETTING
            + " holds the authority that issued the store's certificate, and that the certificate names the host of millrace.s3.endpoint";
      }
    }
    return "";
  }

  private X509TrustManager trustManager() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (X509Certificate certificate : certificates) {
      store.setCertificateEntry("authority-" + store.size(), certificate);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return (X509TrustManager) factory.getTrustManagers()[0];
  }
}
