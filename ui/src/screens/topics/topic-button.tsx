/** The name of a topic that shows its message when it is pressed. */
export function TopicButton({ topic, onChoose }: { topic: string; onChoose(topic: string): void }) {
  return (
    <button type="button" className="topic-button clip" title={topic} onClick={() => onChoose(topic)}>
      <bdi>{topic}</bdi>
    </button>
  )
}
