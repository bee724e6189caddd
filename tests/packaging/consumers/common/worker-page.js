const output = document.createElement('output');
const button = Object.assign(document.createElement('button'), { textContent: 'Sign in' });
document.body.append(button, output);
await navigator.serviceWorker.register('./worker.js');
const { active } = await navigator.serviceWorker.ready;
button.addEventListener('click', () => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data: { who, token } }) => {
    globalThis.byoaToken = () => token;
    output.textContent = who;
  };
  active.postMessage(globalThis.byoaTest, [port2]);
});
output.textContent = 'signed out';
