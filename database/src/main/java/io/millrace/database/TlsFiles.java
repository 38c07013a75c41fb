package io.millrace.database;

import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.pem.PemContent;

/**
 * The content of the files that {@link PostgresTls} names. They are read here and not by the two
 * drivers, which take different kinds of keys and look for files of their own when none is named.
 *
 * @param authorities empty: any server certificate is accepted
 * @param chain this client's certificate first; empty: it has none
 * @param key of that certificate
 */
record TlsFiles(
    List<X509Certificate> authorities, List<X509Certificate> chain, @Nullable PrivateKey key) {

  private static final char[] IN_MEMORY = new char[0];

  /**
   * Reads the files.
   *
   * @throws IllegalArgumentException names the setting whose file cannot be used, and why
   */
  static TlsFiles read(PostgresTls tls) {
    return new TlsFiles(
        certificates("root-certificate", tls.rootCertificate()),
        certificates("certificate", tls.certificate()),
        tls.key() == null ? null : privateKey(tls.key(), tls.keyPassword()));
  }

  private static List<X509Certificate> certificates(String setting, @Nullable Path file) {
    if (file == null) {
      return List.of();
    }
    PemContent content = content(setting, file);
    try {
      return content.getCertificates();
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw refused(
          setting, file, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", e);
    }
  }

  private static PrivateKey privateKey(Path file, String password) {
    PemContent content = content("key", file);
    PrivateKey key;
    try {
      key = content.getPrivateKey(password.isEmpty() ? null : password);
    } catch (IllegalStateException | IllegalArgumentException e) {
      throw refused(
          "key",
          file,
          "holds no private key in PEM form that can be read"
              + (password.isEmpty()
                  ? "; an encrypted key needs key-password"
                  : " with key-password"),
          e);
    }
    if (key == null) {
      throw refused("key", file, "holds no private key in PEM form", null);
    }
    return key;
  }

  private static PemContent content(String setting, Path file) {
    if (!Files.isRegularFile(file)) {
      throw refused(setting, file, "does not exist or is not a file", null);
    }
    try {
      return PemContent.load(file);
    } catch (IOException e) {
      throw refused(setting, file, "cannot be read by this process: " + e.getMessage(), e);
    }
  }

  private static IllegalArgumentException refused(
      String setting, Path file, String why, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        "%s.%s is %s, which %s.".formatted(PostgresTls.PREFIX, setting, file, why), cause);
  }

  /**
   * Puts them into the context of the R2DBC driver. Netty's own check of the host name is switched
   * off: the driver does not tell Netty the host, and checks it itself where the mode says so.
   */
  SslContextBuilder into(SslContextBuilder context) {
    context.endpointIdentificationAlgorithm(null);
    if (!authorities.isEmpty()) {
      context.trustManager(authorities);
    }
    if (key != null) {
      context.keyManager(key, chain);
    }
    return context;
  }

  /** A context of the JDK with them. */
  SSLContext context() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keyManagers(), trustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(
          "The certificates of " + PostgresTls.PREFIX + " cannot be used together: " + e, e);
    }
  }

  private KeyManager @Nullable [] keyManagers() throws GeneralSecurityException, IOException {
    if (key == null) {
      return null;
    }
    KeyStore store = emptyStore();
    store.setKeyEntry("client", key, IN_MEMORY, chain.toArray(X509Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, IN_MEMORY);
    return factory.getKeyManagers();
  }

  private TrustManager[] trustManagers() throws GeneralSecurityException, IOException {
    if (authorities.isEmpty()) {
      return io.netty.handler.ssl.util.InsecureTrustManagerFactory.INSTANCE.getTrustManagers();
    }
    KeyStore store = emptyStore();
    for (X509Certificate authority : authorities) {
      store.setCertificateEntry("authority-" + store.size(), authority);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, IN_MEMORY);
    return store;
  }
}
