import express from 'express';
import { page } from './render.js';

const app = express();
app.use(express.text({ type: '*/*' }));
app.post('/render', (request, response) => {
  response.type('html').send(page(request.body));
});
const server = app.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => server.close());
