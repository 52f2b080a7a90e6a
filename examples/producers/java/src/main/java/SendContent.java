import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Send content to weir from Java: {@code mvn -q compile exec:java -Dexec.args="127.0.0.1:9092 moderation.content"}.
 *
 * <p>What matters: acknowledged by all copies, idempotent (both are the client's defaults, written down here), and the
 * item id as key, so that every version of an item goes to the same partition.
 */
public final class SendContent {
    private record Item(String id, String text, Integer version) {
        /** A real producer uses a JSON library; only item_id and text are required. */
        byte[] json() {
            String optional = version == null ? "" : ",\"version\":" + version;
            String value = "{\"item_id\":" + quoted(id) + ",\"text\":" + quoted(text)
                + ",\"created_at\":\"" + Instant.now() + "\"" + optional + "}";
            return value.getBytes(StandardCharsets.UTF_8);
        }
    }

    private static final List<Item> ITEMS = List.of(
        new Item("java-1", "Selling a bicycle, \"as new\"", null),
        new Item("java-2", "Où est la bibliothèque ?", null),
        new Item("java-1", "Sold.", 2));

    public static void main(String[] arguments) throws InterruptedException {
        String topic = arguments.length > 1 ? arguments[1] : "moderation.content";
        Properties settings = new Properties();
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, arguments.length > 0 ? arguments[0] : "127.0.0.1:9092");
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 5);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 60_000);

        List<Future<RecordMetadata>> answers = new ArrayList<>();
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            for (Item item : ITEMS) {
                answers.add(producer.send(new ProducerRecord<>(topic, item.id(), item.json())));
            }
            // No value: the author deleted the item.
            answers.add(producer.send(new ProducerRecord<>(topic, "java-2", null)));
            producer.flush();
        }
        int failed = 0;
        for (Future<RecordMetadata> answer : answers) {
            try {
                answer.get();
            } catch (ExecutionException problem) {
                failed++;
                System.err.println(problem.getCause().getMessage());
            }
        }
        System.out.println((answers.size() - failed) + " delivered, " + failed + " not");
        System.exit(failed == 0 ? 0 : 1);
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char each : text.toCharArray()) {
            if (each == '"' || each == '\\') {
                json.append('\\').append(each);
            } else if (each < ' ') {
                json.append(String.format("\\u%04x", (int) each));
            } else {
                json.append(each);
            }
        }
        return json.append('"').toString();
    }
}
