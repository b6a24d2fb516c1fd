import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Sends a file with Jakarta Mail. Whatever is not among the arguments (name=value) is left to its defaults. */
class Send {
    public static void main(String[] words) throws Exception {
        Map<String, String> ask = new HashMap<>();
        for (String word : words) {
            ask.put(word.split("=", 2)[0], word.split("=", 2)[1]);
        }
        String protocol = ask.get("tls").equals("at once") ? "smtps" : "smtp";
        Session session = Session.getInstance(settings(ask, "mail." + protocol + "."));
        try (Transport transport = session.getTransport(protocol);
                InputStream file = new FileInputStream(ask.get("file"))) {
            String user = ask.get("user").isEmpty() ? null : ask.get("user");
            String password = user == null ? null : ask.get("password");
            transport.connect(ask.get("host"), Integer.parseInt(ask.get("port")), user, password);
            transport.sendMessage(new MimeMessage(session, file), InternetAddress.parse(ask.get("to")));
        }
    }

    private static Properties settings(Map<String, String> ask, String prefix) throws Exception {
        Properties settings = new Properties();
        settings.put(prefix + "from", ask.get("from"));
        if (!ask.get("tls").isEmpty()) {
            settings.put(prefix + "starttls.required", "true");
            settings.put(prefix + "ssl.checkserveridentity", "true");
        }
        if (!ask.get("ca").isEmpty()) {
            settings.put(prefix + "ssl.socketFactory", trusting(ask.get("ca")).getSocketFactory());
        }
        if (!ask.get("user").isEmpty()) {
            settings.put(prefix + "auth", "true");
        }
        if (ask.get("mechanism").equals("CRAM-MD5")) { // one of those that Java has, not Jakarta Mail
            settings.put(prefix + "sasl.enable", "true");
            settings.put(prefix + "sasl.mechanisms", "CRAM-MD5");
        } else if (!ask.get("mechanism").isEmpty()) {
            settings.put(prefix + "auth.mechanisms", ask.get("mechanism"));
        }
        if (!ask.get("notify").isEmpty()) {
            settings.put(prefix + "dsn.notify", ask.get("notify"));
            settings.put(prefix + "dsn.ret", ask.get("ret"));
        }
        return settings;
    }

    private static SSLContext trusting(String ca) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream file = new FileInputStream(ca)) {
            trusted.setCertificateEntry("ca", CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }
}
